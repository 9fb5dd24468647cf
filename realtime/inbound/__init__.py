"""Mail that comes in: replies into their threads, and what came back of ours."""
