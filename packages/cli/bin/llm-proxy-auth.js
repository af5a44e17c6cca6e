#!/usr/bin/env -S node --max-semi-space-size=16 --v8-pool-size=1
import '../dist/main.js';
