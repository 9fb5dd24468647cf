"""What is remembered: tables, transactions and queries for SQLite and PostgreSQL."""
