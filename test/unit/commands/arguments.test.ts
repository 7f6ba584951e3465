import { describe, expect, it } from 'vitest';
import { nearest, parseArguments } from '../../../src/commands/arguments.ts';
import { command as launch } from '../../../src/commands/launch.ts';
import { command as plan } from '../../../src/commands/plan.ts';
import { command as stop } from '../../../src/commands/stop.ts';

function faultOf(argv: string[], command = plan) {
  try {
    parseArguments(command, argv);
  } catch (error) {
    return error as { code: string; message: string; hint: string };
  }
  throw new Error('no fault');
}

describe('arguments', () => {
  it('are switches, values and operands in any order', () => {
    const args = parseArguments(launch, ['--ref', 'main', 'gh/a/b', '-d', '--urlpath=-x', '--json']);
    expect(args.operands).toEqual(['gh/a/b']);
    expect(args.values).toEqual({ ref: 'main', urlpath: '-x' });
    expect([...args.switches].sort()).toEqual(['detach', 'json']);
  });

  it('end at --, so that a repository may begin with a dash', () => {
    expect(parseArguments(plan, ['--json', '--', '--upload-pack=x']).operands).toEqual(['--upload-pack=x']);
  });

  it.each([
    [['--reff', 'x', 'r'], '--reff', '--ref'],
    [['--jso', 'r'], '--jso', '--json'],
    [['--sub-dir=x', 'r'], '--sub-dir', '--subdir'],
    [['-weird'], '-weird', '--'],
  ])('%j are bad usage with the nearest option', (argv, typed, near) => {
    const fault = faultOf(argv);
    expect(fault.code).toBe('bad_usage');
    expect(fault.message).toContain(typed);
    expect(fault.hint).toContain(near);
  });

  it.each([
    [[], /needs <repo>/],
    [['a', 'b'], /"b" is one word too many/],
    [['a', '--ref'], /--ref needs a value/],
    [['a', '--ref', '--json'], /--ref needs a value/],
    [['a', '--ref='], /--ref needs a value/],
    [['a', '--json=yes'], /--json takes no value/],
  ])('%j are bad usage', (argv, message) => {
    expect(faultOf(argv)).toMatchObject({ code: 'bad_usage', message: expect.stringMatching(message) });
  });

  it('says nothing that a terminal would obey', () => {
    expect(faultOf(['a', '\u001b]0;x\u0007b']).message).not.toMatch(/\p{Cc}/u);
  });

  it('of stop are any number of ids', () => {
    expect(parseArguments(stop, ['a', 'b', 'c']).operands).toHaveLength(3);
  });

  it('need nothing more once help is asked for', () => {
    expect(parseArguments(plan, ['--help']).switches.has('help')).toBe(true);
    expect(parseArguments(plan, ['-h']).switches.has('help')).toBe(true);
  });
});

describe('the nearest word', () => {
  it.each([
    ['lanuch', 'launch'],
    ['sess', 'sessions'],
    ['xyzzy', undefined],
    ['x'.repeat(100_000), undefined],
  ])('to %s', (typed, expected) => {
    expect(nearest(typed, ['plan', 'launch', 'sessions'])).toBe(expected);
  });
});
