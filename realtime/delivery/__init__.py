"""From an event to an alert: planner, queue worker, push and mail senders, ledger."""
