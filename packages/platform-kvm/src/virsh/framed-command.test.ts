import { describe, expect, it } from 'vitest';
import { frameCommand, isComplete, unframe } from './framed-command.ts';
import { quoteArgument } from './quote-argument.ts';

const frame = frameCommand('dumpxml', ['a "b" \\c'], '7');

describe('a framed command', () => {
  it('quotes its arguments and spells the words that mark the reply', () => {
    expect(frame.lines).toBe(
      'echo --err beg"in-7"; echo beg"in-7"; dumpxml "a \\"b\\" \\\\c"; echo don"e-7"\n' +
        'echo end"-7"; echo --err end"-7"\n',
    );
  });

  it('has a reply between the words, without the prompts and the repeated input', () => {
    const output = `virsh # ${frame.lines.split('\n')[0]}\nbegin-7<domain/>\ndone-7virsh # echo end"-7"\nend-7`;
    expect(isComplete(output, frame)).toBe(true);
    expect(unframe(output, frame)).toBe('<domain/>\n');
  });

  it('is not complete before its end, whatever its reply says', () => {
    expect(isComplete(`begin-7end-8\ndone-7virsh # ${frame.lines.split('\n')[1]}\n`, frame)).toBe(false);
  });

  it('has what was complained of after its beginning', () => {
    expect(unframe('error: begin-7\nerror: no\nerror: end-7\n', frame)).toBe('error: no\n');
  });

  it('has all that was complained of when virsh could not parse it', () => {
    expect(unframe('error: unknown command\nerror: end-7\n', frame)).toBe('error: unknown command\n');
  });
});

describe('an argument', () => {
  it.each(['a\nlist', 'a\tb', '\u0003', 'a\u0000'])('with a control character is refused: %j', (argument) => {
    expect(() => quoteArgument(argument)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
