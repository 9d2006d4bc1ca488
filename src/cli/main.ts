#!/usr/bin/env node
/** Entry point of the `psmr` command. */

// Each stream syncs its log on a thread of libuv's pool; its size counts only until the pool is first used, so what
// reads files is imported afterwards.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
const { run } = await import('./run.js');
await run(process.argv.slice(2));

export {};
