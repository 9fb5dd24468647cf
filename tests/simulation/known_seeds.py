"""Seeds beyond the first thousands that once failed; as long as worlds are drawn as they are."""

KNOWN_SEEDS = (
    # Subscribes that came along with the connect began to wait when it was answered.
    2318,
    2337,
    2475,
    2903,
)
