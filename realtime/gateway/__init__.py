"""Sockets in, sockets out: the transport, its timing wheel and the drain."""
