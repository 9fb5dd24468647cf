"""The server: gateway, channels, services, delivery and HTTP API."""
