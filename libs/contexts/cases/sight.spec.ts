import fc from 'fast-check';
import { refuseForeignCase } from '../visibility.js';
import type { CaseFacts } from './facts.js';
import { audienceOf, type CasePlace, isSeen, sightOf } from './sight.js';

const DEPARTMENTS = ['rsj', 'ybj', 'gaj'];
const PEOPLE = ['a', 'b'];

const place: fc.Arbitrary<CasePlace> = fc.record({
  talentId: fc.constantFrom(...PEOPLE),
  departmentId: fc.option(fc.constantFrom(...DEPARTMENTS)),
  coDepartmentIds: fc.subarray(DEPARTMENTS),
  specialistId: fc.option(fc.constantFrom(...PEOPLE)),
});

const roles = ['talent', 'department', 'specialist', 'window', 'supervisor', 'auditor', 'venue', 'employer', 'admin'] as const;
const caller = fc.record({
  id: fc.constant('x'),
  role: fc.constantFrom(...roles),
  talentId: fc.constantFrom(...PEOPLE),
  specialistId: fc.constantFrom(...PEOPLE),
});

/** The rule in the words of the office, without audiences. */
function may(who: { role: string; talentId: string; specialistId: string }, department: string, it: CasePlace): boolean {
  const leads = it.departmentId === department;
  if (who.role === 'talent') return it.talentId === who.talentId;
  if (who.role === 'department') return leads || it.coDepartmentIds.includes(department);
  if (who.role === 'specialist') return it.specialistId === null ? leads : it.specialistId === who.specialistId;
  return ['window', 'supervisor', 'auditor'].includes(who.role);
}

it('lets see a case whoever the office lets, in lists, on pages and in streams alike', async () => {
  await fc.assert(
    fc.asyncProperty(place, caller, fc.constantFrom(...DEPARTMENTS), async (it, who, department) => {
      const expected = may(who, department, it);
      expect(isSeen(audienceOf(it), sightOf(who, department))).toBe(expected);
      const page = refuseForeignCase({ caller: who, department: async () => department }, it as CaseFacts);
      expect(
        await page.then(
          () => true,
          () => false,
        ),
      ).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

it('shows nothing to an account that lacks what its role needs', () => {
  for (const role of roles.slice(0, 3)) expect(sightOf({ role })).toEqual([]);
});
