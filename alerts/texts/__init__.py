"""What alerts, pages and reports say, in six languages: `catalogue` has the words, `reader` fills them in."""
