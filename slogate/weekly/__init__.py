"""The door for the report over a week: (store, specs, moment) → what was promised and kept."""
