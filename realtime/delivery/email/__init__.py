"""E-mail: composing, headers, relays and unsubscribe links."""
