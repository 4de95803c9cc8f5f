import { mod11_2 } from '@huicai/kernel';
import { syntheticPeople } from './people.js';
import { planYear } from './plan.js';

const people = syntheticPeople(20240807);

describe('the people of the year', () => {
  it('are marked as made up', () => {
    for (const name of [...people.talents.map((one) => one.name), ...people.specialists, ...people.family])
      expect(name).toMatch(/^\p{Script=Han}示例\p{Script=Han}{1,3}$/u);
    for (const { employer } of people.talents) expect(employer).toMatch(/^示例企业\d+$/);
  });

  it('have telephone numbers nobody has, and identity numbers of no place', () => {
    for (const { phone, newPhone, idNumber } of people.talents) {
      for (const number of [phone, newPhone]) expect(number).toMatch(/^1540000\d{4}$/);
      expect(idNumber).toMatch(/^990000(19[6-9]\d)(0\d|1[0-2])([0-2]\d|3[01])\d{3}[\dX]$/);
      expect(mod11_2(idNumber.slice(0, 17))).toBe(idNumber.slice(17));
    }
  });

  it('are all different', () => {
    const distinct = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
    distinct([...people.talents.map(({ name }) => name), ...people.specialists]);
    distinct(people.talents.flatMap(({ phone, newPhone }) => [phone, newPhone]));
    distinct(people.talents.map(({ idNumber }) => idNumber));
    distinct(people.family);
  });

  it('are the same for the same seed and differ for another', () => {
    expect(syntheticPeople(20240807).talents).toEqual(people.talents);
    expect(syntheticPeople(1).talents).not.toEqual(people.talents);
  });

  it('name everybody who occurs in the year', () => {
    const names = new Set([...people.talents.map((one) => one.name), ...people.specialists, ...people.family]);
    const numbers = new Set(people.talents.flatMap((one) => [one.phone, one.newPhone, one.idNumber]));
    let seen = 0;
    for (const { act } of planYear(20240807, '2026-11-20').steps) {
      const found: string[] = [];
      if (act.kind === 'register-talent') {
        found.push(act.input.name);
        expect([act.input.phone, act.input.documentNumber].every((number) => numbers.has(number))).toBe(true);
      }
      if (act.kind === 'correct-talent' && act.changes.phone !== undefined) expect(numbers.has(act.changes.phone)).toBe(true);
      if (act.kind === 'enrol-specialist') found.push(act.input.name);
      if (act.kind === 'register-case') found.push(...act.input.concerns.map(({ name }) => name));
      for (const name of found) expect(names).toContain(name);
      seen += found.length;
    }
    expect(seen).toBeGreaterThan(300);
  });
});
