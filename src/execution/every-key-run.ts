import { codeOfFailure, errorFromWire } from '../errors.js';
import { decodeValue, encodeValue } from './command-batch.js';
import { sampleOf } from './execution-recorder.js';
import type { Part } from './command-runner.js';
import type { PartitionView } from './partition-view.js';
import { ResultAllowance, resultDropped } from './result-allowance.js';
import { Run } from './run.js';

/**
 * Commands over all keys: a partial per partition, and a merge. A run that only reads meets once for all of its
 * commands; a command that writes meets by itself, as nothing may be written before every part is known to be good.
 */
export class EveryKeyRun extends Run {
  readonly #parts = new Map<number, Part[]>();
  #views: PartitionView[] = [];
  #next = 0;
  #published = false;
  #missing = new Set<number>();

  override advance(): boolean {
    while (this.#next < this.planned.length) {
      const until = this.readOnly ? this.planned.length : this.#next + 1;
      if (!this.#published) this.#publishParts(until);
      if (!this.#gather()) return false;
      if (this.executes) this.environment.runner.guarded(() => this.#merge(until));
      this.#next = until;
      this.#published = false;
    }
    return true;
  }

  #publishParts(until: number): void {
    const { runner, values, stream } = this.environment;
    const parts: Part[] = [];
    const allowance = new ResultAllowance();
    this.#views = [];
    runner.guarded(() => {
      for (const { command, args, error, position } of this.planned.slice(this.#next, until)) {
        if (error !== null || command === null || command.everyKey === null) continue;
        // Its time is that of its part at the coordinator.
        const recorder = this.coordinates ? this.environment.recorder : null;
        const sample = sampleOf(recorder);
        recorder?.crossCommand(command);
        sample?.begin();
        const { part, view } = runner.runPartial(command, args, values.own, this.place, position);
        sample?.end(command);
        const taken = !part.ok || allowance.take(part.value);
        parts.push(taken ? part : { ok: false, error: resultDropped() });
        this.#views.push(view);
      }
    });
    const encoded = encodeValue(parts.map((part) => encodePart(part, allowance)));
    this.publish([encoded]);
    this.#parts.set(stream, decodeParts(encoded));
    this.#missing = new Set(this.peers);
    this.#published = true;
  }

  #gather(): boolean {
    for (const peer of this.#missing) {
      const content = this.receive(peer);
      if (content === null) return false;
      if (this.executes) this.#parts.set(peer, decodeParts(content[0] as Uint8Array));
      this.#missing.delete(peer);
    }
    return true;
  }

  #merge(until: number): void {
    const { runner, values } = this.environment;
    const byStream = [...this.#parts].sort(([a], [b]) => a - b).map(([, parts]) => parts);
    let nth = 0;
    for (const planned of this.planned.slice(this.#next, until)) {
      this.conclude(planned, () => {
        const { command, args, position } = planned;
        if (command === null || command.everyKey === null) throw new Error('broken invariant: no plan');
        const place = nth++;
        const parts = byStream.map((stream) => stream[place] as Part);
        const result = runner.runMerge(command, args, parts, this.place, position);
        const view = this.#views[place];
        if (view !== undefined) runner.commitView(view, values.own, this.place);
        return result;
      });
    }
  }
}

type EncodedPart = [ok: true, value: unknown] | [ok: false, code: string, message: string];

function encodePart(part: Part, allowance: ResultAllowance): EncodedPart {
  if (part.ok) return [true, part.value];
  return [false, codeOfFailure(part.error), allowance.sentenceOf(part.error)];
}

function decodeParts(bytes: Uint8Array): Part[] {
  return (decodeValue(bytes) as EncodedPart[]).map((part) =>
    part[0] ? { ok: true, value: part[1] } : { ok: false, error: errorFromWire(part[1], part[2]) },
  );
}
