/**
 * Ways to break the code that the simulation of whole clusters has to find: see teeth.mjs. Each change is a file, a text
 * that stands in it once, and what stands there instead.
 */
const raft = (name) => `src/ordering/raft/${name}.ts`;
const replica = (name) => `src/replica/${name}.ts`;

export const BREAKS = [
  {
    broken: 'an entry of an old term committed by itself',
    changes: [[raft('leading'), ' && index >= this.#firstOwn', '']],
  },
  {
    broken: 'one replica less than a majority commits',
    changes: [['src/ordering/raft/quorum.ts', 'sorted[voters.length >> 1]', 'sorted[(voters.length >> 1) - 1]']],
  },
  {
    broken: 'a second change of members while one is open',
    changes: [[raft('leading'), 'this.#membershipIndex > commitIndex)', 'this.#membershipIndex < 0)']],
  },
  {
    broken: 'answer before the sync',
    changes: [
      [
        raft('raft-group-log'),
        "durable = (this.#durable = await this.#log.sync(this.#core.role !== 'leader'));",
        'durable = (this.#durable = this.#log.lastIndex); void this.#log.sync(); await Promise.resolve();',
      ],
    ],
  },
  {
    broken: 'vote before it is durable',
    changes: [
      [raft('raft-group-log'), '        () => this.#hardStateWritten(),', '        () => undefined,'],
      [
        raft('raft-group-log'),
        'if (truncateAbove !== null) {',
        'if (hardState !== null) queueMicrotask(() => this.#step((now) => this.#core.hardStateDurable(now)));\n    if (truncateAbove !== null) {',
      ],
    ],
  },
  {
    broken: 'durable index not lowered where a conflict cuts the log',
    changes: [[raft('following'), 'this.#state.durableIndex = Math.min(this.#state.durableIndex, from - 1);', '']],
  },
  {
    broken: 'a shorter append cuts what was acknowledged',
    changes: [
      [
        raft('following'),
        'if (from > request.lastIndex) return true;',
        'if (from > request.lastIndex) { if (log.lastIndex > request.lastIndex) outbox.store(request, from, request.lastIndex); return true; }',
      ],
    ],
  },
  {
    broken: 'no check that a candidate’s log is as new as the voter’s',
    changes: [[raft('election'), 'free && upToDate && (', 'free && (']],
  },
  {
    broken: 'reads without asking for an index',
    changes: [[raft('raft-group-log'), '    this.#reads.add(done);', '    done(this.#committed);']],
  },
  {
    broken: 'reads without a round of heartbeats',
    changes: [[raft('leading'), 'if (!this.settled || !this.#leased) return', 'if (!this.settled) return']],
  },
  {
    broken: 'read answered before its index is executed',
    changes: [[replica('read-queue'), 'if (answer > executedIndex) return false;', '']],
  },
  {
    broken: 'a lease longer than an election',
    changes: [
      [
        raft('leading'),
        'this.#leaseFrom < timing.leaseMs;',
        'this.#leaseFrom < timing.leaseMs + 4 * timing.electionMs;',
      ],
    ],
  },
  {
    broken: 'a lease counted from the answers',
    changes: [[raft('leading'), 'this.#leaseFrom = begun;', 'this.#leaseFrom = begun + (this.#state.now - begun);']],
  },
  {
    broken: 'a lease forgotten by followers whose connection ends',
    changes: [[raft('election'), '    if (timing.leaseMs > 0) return;\n', '']],
  },
  {
    broken: 'a lease forgotten by followers at a restart',
    changes: [
      [
        raft('election'),
        'if (state.timing.leaseMs > 0) this.#heardLeaderAt',
        'if (state.timing.leaseMs > 1e9) this.#heardLeaderAt',
      ],
    ],
  },
  {
    broken: 'a lease that outlives a move of the leadership',
    changes: [[raft('leading'), 'timing.leaseMs > 0 && !this.#transfer.told && now', 'timing.leaseMs > 0 && now']],
  },
  {
    broken: 'a merge point passed before group 0 is there',
    changes: [
      [
        'src/execution/stream-executor.ts',
        'if (this.#syncIndex < this.#mergePoint) return',
        'if (this.#syncIndex < this.#mergePoint && this.#ports.delivered() >= this.#mergePoint) return',
      ],
    ],
  },
  {
    broken: 'lost indexes of group 0 not filled on demand',
    changes: [
      [
        replica('sync-node'),
        'if (!this.#leadership.leading || control.fed) return false;\n    const { awaited }',
        'if (control !== null) return false;\n    const { awaited }',
      ],
    ],
  },
  {
    broken: 'session table left out of a stream’s checkpoint',
    changes: [
      [
        replica('partition-writer'),
        'const sessionChunks = [...sessions.encode()];',
        'const sessionChunks: Uint8Array[] = [];',
      ],
    ],
  },
  {
    broken: 'session table left out of group 0’s checkpoint',
    changes: [[replica('partition-writer'), 'await writeSessionItems(writer, [...sessions.encode()], hash);', '']],
  },
  {
    broken: 'a repeated frame executed again',
    changes: [
      [
        'src/execution/session-table.ts',
        "if (last <= session.last) return first <= session.forgotten ? 'forgotten' : 'duplicate';",
        "if (last <= session.last) return 'admitted';",
      ],
    ],
  },
  {
    broken: 'log kept behind an installed checkpoint',
    changes: [[raft('prepare-store'), '  await store.restartAt(start.index + 1);', '']],
  },
  {
    broken: 'a checkpoint that forgets the term of its last entry',
    changes: [[raft('raft-log'), 'new TermRuns(below, start.term)', 'new TermRuns(below, 0)']],
  },
  {
    broken: 'log truncated before the checkpoint is complete',
    changes: [
      [
        replica('checkpoint-coordinator'),
        '    await store.complete(manifest);\n',
        '    for (const part of parts) truncate(part.part, part.nextIndex);\n    await store.complete(manifest);\n',
      ],
    ],
  },
  {
    broken: 'lost entries taken for committed',
    changes: [['src/ordering/proposer.ts', 'if (this.#doubtfulTerm >= 0) return this.#settleDoubtful(index);', '']],
  },
  {
    broken: 'proposals taken before the new leader has committed',
    changes: [
      [
        raft('group-view'),
        "role === 'leader' && settled && transferringTo === 0",
        "role === 'leader' && transferringTo === 0",
      ],
    ],
  },
  {
    broken: 'a log’s time falls',
    changes: [
      [
        raft('raft-group-log'),
        'const latestMs = Math.max(this.#log.timestampMs, timestampMs);',
        'const latestMs = timestampMs;',
      ],
    ],
  },
  {
    broken: 'a stream goes on behind a read of several streams before all have come',
    changes: [
      ['src/execution/keyed-run.ts', 'new Set(this.peers)', 'new Set(this.executes ? this.peers : [])'],
      ['src/execution/every-key-run.ts', 'new Set(this.peers)', 'new Set(this.executes ? this.peers : [])'],
      [
        'src/execution/run.ts',
        'for (const peer of this.peers) {',
        'for (const peer of this.peers) {\n      if (this.readOnly && peer !== this.coordinator) continue;',
      ],
    ],
  },
];
