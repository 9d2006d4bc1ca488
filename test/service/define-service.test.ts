import { describe, expect, it } from 'vitest';
import { everyKey } from '../../src/service/command.js';
import { asService, defineService } from '../../src/service/define-service.js';
import { codeAndMessage } from './thrown.js';

const keys = (args: { key: string }): string[] => [args.key];
const execute = (): number => 1;
const good = { keys, execute };

describe('defineService', () => {
  it('returns what the engine runs, frozen, with the commands as they were written', () => {
    const all = { keys: everyKey, partial: () => 1, merge: () => 2 } as const;
    const definition = defineService({ name: 'demo', commands: { good, all } });
    expect(Object.isFrozen(definition) && Object.isFrozen(definition.commands)).toBe(true);
    expect(asService(definition)).toEqual({ name: 'demo', commands: { good, all } });
  });

  it('takes names of any well-formed characters, up to 128', () => {
    const names = ['a'.repeat(128), 'naïve name', '__proto__', 'constructor', '1'];
    const commands = Object.fromEntries(names.map((name) => [name, good]));
    expect(Object.keys(asService({ name: 'demo', commands }).commands).sort()).toEqual(names.sort());
  });

  it.each([
    ['no definition', undefined, '', 'The service definition cannot be used: it is no object.'],
    ['no name', { commands: { good } }, 'name', "definition's name cannot be used: it is missing. It accepts a string"],
    [
      'an empty name',
      { name: '', commands: { good } },
      'name',
      'it is "". It accepts a string of 1 to 128 characters.',
    ],
    ['a name that is a number', { name: 7n, commands: { good } }, 'name', 'it is of type bigint'],
    ['commands in an array', { name: 'a', commands: [good] }, 'commands', 'an object of commands by name'],
    ['no command', { name: 'a', commands: {} }, 'commands', 'it has no command. It accepts at least one.'],
    ['a long command name', { name: 'a', commands: { ['c'.repeat(129)]: good } }, `commands.${'c'.repeat(129)}`, '128'],
    ['a reserved name', { name: 'a', commands: { $stop: good } }, 'commands.$stop', "its name begins with '$'"],
    ['half a character', { name: 'a', commands: { '\ud83d': good } }, 'commands["\\ud83d"]', 'a string of 1 to 128'],
    ['a function for a command', { name: 'a', commands: { go: execute } }, 'commands.go', '{ keys, execute } or {'],
    [
      'no keys',
      { name: 'a', commands: { go: { execute } } },
      'commands.go.keys',
      'it is missing. It accepts a function',
    ],
    ['keys in a list', { name: 'a', commands: { go: { keys: ['k'], execute } } }, 'commands.go.keys', 'it is an array'],
    ['no execute', { name: 'a', commands: { 'go!': { keys } } }, 'commands["go!"].execute', 'It accepts a function.'],
    [
      'no partial',
      { name: 'a', commands: { go: { keys: everyKey, merge: execute } } },
      'commands.go.partial',
      'missing',
    ],
    ['no merge', { name: 'a', commands: { go: { keys: everyKey, partial: execute } } }, 'commands.go.merge', 'missing'],
    [
      'readOnly in words',
      { name: 'a', commands: { go: { ...good, readOnly: 'yes' } } },
      'commands.go.readOnly',
      'true or',
    ],
  ])('refuses %s, and names the place', (_, definition, path, sentence) => {
    const [code, message] = codeAndMessage(() => asService(definition));
    expect(code).toBe('INVALID_SERVICE');
    expect(message).toContain(sentence);
    expect(message).toContain(path === '' ? 'The service definition' : `The service definition's ${path} cannot`);
  });
});
