import { everyKey } from '../../src/service/command.js';
import { defineService } from '../../src/service/define-service.js';

/** A service of which only the client's side is used: nothing is executed. */
export const bank = defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (args: { account: string; amount: number }) => [args.account],
      execute: (_state, args) => args.amount,
    },
    note: {
      keys: (args: { account: string; text: unknown }) => [args.account],
      execute: (): string => '',
    },
    transfer: {
      keys: (args: { from: string; to: string }) => [args.from, args.to],
      execute: (): number => 0,
    },
    balance: {
      keys: (args: { account: string }) => [args.account],
      readOnly: true,
      execute: (): number => 0,
    },
    total: {
      keys: everyKey,
      readOnly: true,
      partial: (): number => 0,
      merge: (parts: readonly number[]): number => parts.length,
    },
  },
});
