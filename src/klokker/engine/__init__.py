"""The duties that keep the promises: tick, work, beat, rescue, prune; and the loop, the clock and the process that carry them."""
