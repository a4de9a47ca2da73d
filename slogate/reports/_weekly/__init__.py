"""The report over a week: what was promised and what was kept, as page, Markdown and JSON."""
