/** A service that is not deterministic: where the environment says so, a replica adds something of its own to a key. */
import { defineService } from 'psmr';

const differing = defineService({
  name: 'differing',
  commands: {
    put: {
      keys: (a: { key: string; value: number }) => [a.key],
      execute(state, a): void {
        state.set(a.key, a.value + Number(process.env['DIFFERS'] ?? 0));
      },
    },
  },
});
export default differing;
