"""The rooms of the HTML report: markup that is inert by construction, words, pictures, the page."""
