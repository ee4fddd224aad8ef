"""From a card to what a medium takes: plain text, Slack blocks, HTML. Each escapes everything for its medium."""
