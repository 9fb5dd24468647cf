"""Where the bytes of attachments lie, who looks for viruses in them, and their small pictures."""
