import { describe, expect, it } from 'vitest';
import { checkedImageName } from '../../../src/commands/image-name.ts';

const usage = expect.objectContaining({ code: 'bad_usage', hint: expect.stringContaining('course:latest') });

describe('the name of an image', () => {
  it.each([
    'course',
    'course:latest',
    'team/some_course.2024--x:V1.0_a-b',
    'a__b',
    'localhost:5000/course',
    'Registry.example/team/course:v1',
    '[::1]:5000/course:v1',
    'registry.example/slipway/course',
    'slipway',
    `${'a'.repeat(255)}:${'t'.repeat(128)}`,
  ])('may be %s', (name) => {
    expect(checkedImageName(name)).toBe(name);
  });

  it.each([
    '',
    'Course',
    'course:',
    ':latest',
    'a b',
    'a/',
    '/a',
    'a//b',
    'a___b',
    'a..b',
    '-a',
    'a:b:c',
    'team/course:-x',
    `a:${'t'.repeat(129)}`,
    'a'.repeat(256),
    'a'.repeat(64),
    `course@sha256:${'a'.repeat(64)}`,
    'course\nx',
    'https://registry.example/course',
    '$(id)',
  ])('cannot be %j', (name) => {
    expect(() => checkedImageName(name)).toThrow(usage);
  });

  it.each(['slipway/x', 'slipway/content:abc', 'docker.io/slipway/x', 'index.docker.io/slipway/a/b:c'])(
    'is not %s, which is one of ours',
    (name) => {
      expect(() => checkedImageName(name)).toThrow(usage);
    },
  );
});
