"""The words of alerts, one catalogue a language, and the formats of each region."""
