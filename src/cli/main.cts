#!/usr/bin/env node
/**
 * Entry point of the `psmr` command. CommonJS, because each stream syncs its log on a thread of libuv's pool, whose size
 * counts only until the pool is first used: Node reads an ES module through it before the module's first line runs.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
void import('./run.js').then(({ run }) => run(process.argv.slice(2)));
