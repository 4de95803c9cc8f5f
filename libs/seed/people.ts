import { mod11_2 } from '@huicai/kernel';
import { Draw } from './draw.js';

const SURNAMES = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧'];
const STEMS = [...'甲乙丙丁戊己庚辛壬癸'];
const BRANCHES = [...'子丑寅卯辰巳午未申酉戌亥'];

/** 示例 ("example") in every name says that the person is made up. */
const MARK = '示例';

/** No place has this area code, so no resident identity number begins with it. */
const AREA_CODE = '990000';

/** Eleven digits like a mobile number, but the prefix 154 has been given to no operator: nobody can be called by accident. */
const PHONE_PREFIX = '1540000';

const COUNTS = { talents: 400, specialists: 80, family: 720 };

export interface SyntheticPerson {
  readonly name: string;
  readonly phone: string;
  /** A second number, for those who change theirs. */
  readonly newPhone: string;
  /** 18 characters with the check character of GB 11643. */
  readonly idNumber: string;
  readonly employer: string;
}

export interface SyntheticPeople {
  readonly talents: readonly SyntheticPerson[];
  /** Names only. */
  readonly specialists: readonly string[];
  /** Names of children and spouses, by the talent's surname. */
  familyName(surname: string, n: number): string;
  readonly family: readonly string[];
}

/** Everyone who may occur in the year of a seed, whether they do or not. All of them are made up and marked as such. */
export function syntheticPeople(seed: number): SyntheticPeople {
  const draw = new Draw(seed, 'people');
  const surnames = draw.shuffled(SURNAMES);
  const nameOf = (i: number): string => {
    const round = Math.floor(i / surnames.length);
    return `${surnames[i % surnames.length]}${MARK}${STEMS[round % STEMS.length]}${round < STEMS.length ? '' : BRANCHES[round % BRANCHES.length]}`;
  };
  const talents = Array.from({ length: COUNTS.talents }, (_, i): SyntheticPerson => {
    const own = new Draw(seed, 'person', i);
    const four = (n: number) => String(n).padStart(4, '0');
    return {
      name: nameOf(i),
      phone: PHONE_PREFIX + four(i),
      newPhone: PHONE_PREFIX + four(9_999 - i),
      idNumber: idNumberOf(own, i),
      employer: `${MARK}企业${own.int(1, 67)}`,
    };
  });
  const specialists = Array.from({ length: COUNTS.specialists }, (_, i) => nameOf(COUNTS.talents + i));
  const familyName = (surname: string, n: number): string =>
    `${surname}${MARK}小${STEMS[n % STEMS.length]}${BRANCHES[Math.floor(n / STEMS.length) % BRANCHES.length]}`;
  const perSurname = COUNTS.family / surnames.length;
  const family = surnames.flatMap((surname) => Array.from({ length: perSurname }, (_, n) => familyName(surname, n)));
  return { talents, specialists, familyName: (surname, n) => familyName(surname, n % perSurname), family };
}

export const surnameOf = ({ name }: SyntheticPerson): string => name.slice(0, name.indexOf(MARK));

function idNumberOf(draw: Draw, i: number): string {
  const born = new Date(Date.UTC(draw.int(1962, 1996), 0, draw.int(1, 365))).toISOString().slice(0, 10).replaceAll('-', '');
  const digits = AREA_CODE + born + String(i).padStart(3, '0');
  return digits + mod11_2(digits);
}
