"""Health and figures for operators."""
