import { expect, it } from 'vitest';
import { closestName } from '../../src/config/closest-name.js';

it.each([
  ['stream', 'streams'],
  ['Service', 'service'],
  ['porrt', 'port'],
  ['prt', 'port'],
  ['services', 'service'],
  ['prot', 'port'],
  ['serviceModuleFile', 'service'],
  ['str', 'streams'],
  ['xyz', null],
  ['', null],
])('%j is meant as %j', (typed, meant) => {
  expect(closestName(typed, ['service', 'streams', 'port', 'host'])).toBe(meant);
});
