import { afterEach, describe, expect, it } from 'vitest';
import { type OptionTable, ownValue, readOptions } from '../../src/core/check-options.ts';

interface Options {
  name?: string;
  delay?: number;
  allMethods?: boolean;
  nested?: object;
  callback?: () => void;
  other?: unknown;
}

const TABLE: OptionTable<Options> = {
  name: 'string',
  delay: 'number',
  allMethods: 'boolean',
  nested: 'object',
  callback: 'function',
  other: 'any',
};

const problemsOf = (options: object | null | undefined, path = '') =>
  readOptions(options, TABLE as OptionTable<object>, path)[1].filter(Boolean);

describe('readOptions', () => {
  it.each([
    [{}, []],
    [undefined, []],
    [null, []],
    [{ name: 'a', delay: 0, allMethods: false, nested: [], callback() {}, other: 1 }, []],
    [{ name: undefined, delay: undefined }, []],
    [{ nmae: 'a' }, ['unknown option nmae; did you mean name?']],
    [{ DELAY: 1 }, ['unknown option DELAY; did you mean delay?']],
    [{ allMethod: true }, ['unknown option allMethod; did you mean allMethods?']],
    [{ wholly: undefined }, ['unknown option wholly']],
    [{ constructor: 1 }, ['unknown option constructor']],
    [{ name: 1 }, ['name must be a string']],
    [{ delay: -1 }, ['delay must be a number >= 0']],
    [{ delay: '1' }, ['delay must be a number >= 0']],
    [{ delay: Number.NaN }, ['delay must be a number >= 0']],
    [{ delay: null }, ['delay must be a number >= 0']],
    [{ nested: null }, ['nested must be an object']],
    [{ allMethods: 'yes' }, ['allMethods must be a boolean']],
    [{ callback: {} }, ['callback must be a function']],
    [{ nested: 1 }, ['nested must be an object']],
  ] as [object | null | undefined, string[]][])('lists the problems of %o: %o', (options, expected) => {
    expect(problemsOf(options)).toEqual(expected);
  });

  it('names the option that holds the options', () => {
    expect(problemsOf({ delay: -1, nmae: '' }, 'retry.')).toEqual([
      'unknown option retry.nmae; did you mean name?',
      'retry.delay must be a number >= 0',
    ]);
  });

  it('reads inherited members of a class, and ignores its other fields', () => {
    class Configured {
      internal = 1;
      get delay() {
        return 5;
      }
    }
    const [own, problems] = readOptions<object>(new Configured(), TABLE as OptionTable<object>);
    expect(problems.filter(Boolean)).toEqual([]);
    expect(own).toEqual({ delay: 5 });
  });
});

describe('a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;
  afterEach(() => {
    delete prototype.name;
    delete prototype.other;
  });

  it('adds no option', () => {
    prototype.name = 'evil';
    prototype.other = ['evil'];
    const [own, problems] = readOptions<Options>({ delay: 1 }, TABLE);
    expect(problems.filter(Boolean)).toEqual([]);
    expect(own.name).toBeUndefined();
    expect(own.other).toBeUndefined();
    expect(own.delay).toBe(1);
    expect(ownValue<Options, 'name'>({}, 'name')).toBeUndefined();
    expect(ownValue<Options, 'name'>({ name: 'own' }, 'name')).toBe('own');
  });
});
