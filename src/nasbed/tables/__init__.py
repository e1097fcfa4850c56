"""Tables: what was measured, in one memory-mapped file; and the formats it comes from and goes to."""
