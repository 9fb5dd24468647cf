"""What ``serve --demo`` adds: people, a mailbox and a push service that show what went out."""
