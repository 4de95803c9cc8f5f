import { spawn } from 'node:child_process';
import { root } from './root.mjs';

/**
 * Runs a program to its end with its output on our standard error, or collected when `quiet`. A signal to us ends it first.
 * Resolves to its exit code and output; rejects when it can not be started.
 */
export function run(program, args, { env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2] });
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
    const forward = (signal) => {
      child.kill(signal);
      child.once('close', () => process.exit(1));
    };
    for (const signal of signals) process.once(signal, forward);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve({ code: code ?? signal, output });
    });
  });
}
