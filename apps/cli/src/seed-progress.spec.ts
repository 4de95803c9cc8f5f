import { Progress } from './seed-progress.js';

function shown(isTTY: boolean, steps: number): string {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const progress = new Progress({ isTTY, write }, 'year');
  for (let done = 1; done <= steps; done++) progress.show(done, steps);
  progress.end();
  return text;
}

describe('the progress of a long piece of work', () => {
  it('is a line for every tenth where lines stay', () => {
    const lines = shown(false, 523).trimEnd().split('\n');
    expect(lines).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((percent) => `year ${percent} %`));
  });

  it('is one line drawn over itself on a terminal', () => {
    const text = shown(true, 523);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.split('\r')).toHaveLength(101);
    expect(text.trimEnd()).toMatch(/year █{30} 100 %$/);
  });

  it('says each tenth once, however few steps there are', () => {
    expect(shown(false, 3)).toBe('year 30 %\nyear 60 %\nyear 100 %\n');
  });
});
