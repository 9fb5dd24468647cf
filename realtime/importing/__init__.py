"""History from elsewhere: accounts, services, orders and messages, a line each."""
