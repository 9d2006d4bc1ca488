#!/usr/bin/env node
/**
 * Entry point of the `psmr` command. CommonJS, because each stream syncs its log on a thread of libuv's pool, whose size
 * counts only until the pool is first used: Node reads an ES module through it before the module's first line runs.
 */
import v8 = require('node:v8');

process.env['UV_THREADPOOL_SIZE'] ??= '16';
// Else V8 gives the memory of its young generations back at every major collection, and has it zeroed anew by the kernel:
// 20 page faults per thousand commands with it, 3 without, which is about 5% of a worker's time under full load.
v8.setFlagsFromString('--lazy-new-space-shrinking');
void import('./run.js').then(({ run }) => run(process.argv.slice(2)));
