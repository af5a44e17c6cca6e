#!/usr/bin/env -S node --max-semi-space-size=8 --no-allocation-site-pretenuring --no-memory-reducer --no-parallel-scavenge --v8-pool-size=1 --max-inlined-bytecode-size-cumulative=4000
import '../dist/main.js';
