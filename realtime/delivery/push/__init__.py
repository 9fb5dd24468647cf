"""Web Push: encryption, VAPID and the sender (RFC 8030, 8188, 8291, 8292)."""
