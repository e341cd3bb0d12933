import { describe, expect, it } from 'vitest';
import { drawTimeline } from '../../../../../cli/commands/aws/logs/timeline.ts';
import { showsUnicode } from '../../../../../cli/unicode.ts';
import type { Kind, Segment, Timeline } from '../../../../../core/timeline.ts';
import { collector } from '../../../collect.ts';

const segment = (from: number, to: number, kind: Kind, state: string | null, label: string | null = state): Segment => ({
  from,
  to,
  kind,
  state,
  label,
});

function timeline(segments: readonly Segment[], ended = true): Timeline {
  const [from, to] = [segments[0]?.from ?? 0, segments.at(-1)?.to ?? 0];
  const found = [...new Set(segments.map(({ kind }) => kind))];
  const lengthOf = (kind: Kind) => segments.filter((each) => each.kind === kind).reduce((sum, each) => sum + each.to - each.from, 0);
  return { ended, milliseconds: to - from, segments, totals: found.map((kind) => ({ kind, milliseconds: lengthOf(kind) })) };
}

const draw = (drawn: Timeline, { columns = 40, unicode = false } = {}) => drawTimeline(drawn, collector({ columns }).stream, unicode);

const start = timeline([
  segment(-1_000, 0, 'cli', null),
  segment(0, 100, 'transition', null),
  segment(100, 1_000, 'lambda-cold', 'Lock'),
  segment(1_000, 2_000, 'aws', 'Lock'),
  segment(2_000, 2_100, 'transition', 'Lock'),
  segment(2_100, 2_200, 'transition', 'IsIt', null),
  segment(2_200, 3_000, 'lambda-warm', 'Wait'),
  segment(3_000, 8_000, 'waiting', 'Wait'),
  segment(8_000, 9_000, 'step', 'Unlabeled', null),
]);

describe('a timeline', () => {
  it('has a bar for each step, where it is in time, in a character for each kind', () => {
    expect(draw(start, { columns: 53 })).toBe(
      [
        // 53 columns less 25 and 4 of the others, and 4 between them: 20 for 10 s.
        'STEP                       TOOK',
        'Preparing on this machine  1.0s  ==',
        'Lock                       2.2s    %%##',
        'Wait                       5.8s        ++..........',
        'Unlabeled                  1.0s                    oo',
        '',
        '= This machine              1.0s   10%',
        '- Between steps             0.3s    3%',
        '% Lambda, cold              0.9s    9%',
        '# EC2 and other AWS calls   1.0s   10%',
        '+ Lambda, warm              0.8s    8%',
        '. Waiting for EC2           5.0s   50%',
        'o Step                      1.0s   10%',
        '  Total                    10.0s',
        '',
      ].join('\n'),
    );
  });

  it('is drawn with blocks where the locale shows them', () => {
    const drawn = draw(start, { columns: 53, unicode: true });
    expect(drawn).toContain('Lock                       2.2s    ▓▓██\n');
    expect(drawn).toContain('░ Waiting for EC2');
  });

  it('fits into the terminal, with the names of the steps cut where it has to', () => {
    for (const columns of [30, 40, 80, 200]) {
      const lines = draw(start, { columns }).split('\n\n')[0]?.split('\n') ?? [];
      expect(Math.max(...lines.map((line) => line.length))).toBe(columns);
    }
    expect(draw(start, { columns: 30 })).toContain('Preparing o…  1.0s  =\n');
  });

  it('shows what is too short for a character, and nothing for what took no time', () => {
    const drawn = draw(
      timeline([segment(0, 100_000, 'aws', 'Long'), segment(100_000, 100_001, 'step', 'Short'), segment(100_001, 100_001, 'step', 'None')]),
    );
    expect(drawn).toMatch(/\nShort +0\.0s +o\nNone +0\.0s\n\n/);
  });

  it('says that it is not complete, and where the machine is not included', () => {
    const drawn = draw(timeline([segment(0, 1_000, 'step', 'Lock')], false));
    expect(drawn).toMatch(/\n {2}Total so far +1\.0s\n\nThe time on the machine of the command is not included\.\n$/);
    expect(draw(start)).not.toContain('not included');
  });

  it('has something to show before the first step, and of no events', () => {
    expect(draw(timeline([segment(0, 10, 'transition', null)], false))).toMatch(/^STEP +TOOK\nBetween steps +0\.0s {2}-+\n/);
    expect(draw(timeline([], false))).toBe(
      'STEP  TOOK\n\n  Total so far  0.0s\n\nThe time on the machine of the command is not included.\n',
    );
  });
});

it.each([
  [{}, false],
  [{ LANG: 'C' }, false],
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'en_US.utf8', LC_CTYPE: 'C' }, false],
  [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: '' }, true],
])('the locale of %j shows more than ASCII: %s', (environment, expected) => {
  expect(showsUnicode(environment)).toBe(expected);
});
