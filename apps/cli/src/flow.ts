import { flows } from '@huicai/composition';

/** Prints what events lead to, from the objects that wire them. @throws Error when no flow names the event */
export function flowCommand(event?: string): void {
  const lines: string[] = [];
  const types = event === undefined ? [...new Set(flows.flatMap(({ routes }) => Object.keys(routes)))] : [event];
  for (const type of types) {
    const found = flows.filter(({ routes }) => Object.hasOwn(routes, type));
    if (found.length === 0) throw new Error(`No event is called ${type}`);
    lines.push(type);
    for (const { context, routes } of found) {
      for (const view of routes[type]!.views ?? []) lines.push(`  ${context}: view ${view.name} v${view.version}`);
      for (const timer of routes[type]!.timers ?? [])
        lines.push(`  ${context}: timer ${timer.name} (${timer.due.name} v${timer.due.version})`);
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
