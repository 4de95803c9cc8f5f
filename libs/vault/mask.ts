/** Family names of two characters; of a person who bears one, both stay readable. */
const COMPOUND_SURNAMES = new Set(
  (
    '欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 夏侯 长孙 宇文 司徒 司空 端木 百里 呼延 南宫 轩辕 独孤 西门 闻人 ' +
    '澹台 申屠 太史 公羊 赫连 钟离 鲜于 闾丘 亓官 仲孙 濮阳 淳于 单于 太叔 拓跋 东郭 第五 万俟 公冶 宗政 公西 壤驷 漆雕'
  ).split(' '),
);

const stars = (count: number): string => '*'.repeat(Math.max(count, 0));

/** `张三` → `张*`, `欧阳娜娜` → `欧阳**`; a name of one character is hidden wholly. */
export function maskName(name: string): string {
  const characters = Array.from(name.trim());
  if (characters.length <= 1) return stars(characters.length);
  const compound = characters.length > 2 && COMPOUND_SURNAMES.has(characters.slice(0, 2).join(''));
  const kept = compound ? 2 : 1;
  return characters.slice(0, kept).join('') + stars(characters.length - kept);
}

/** `13812341234` → `138****1234`; of shorter numbers the last four digits stay, of very short ones nothing. */
export function maskPhone(phone: string): string {
  const characters = Array.from(phone.trim());
  if (characters.length >= 11)
    return characters.slice(0, 3).join('') + stars(characters.length - 7) + characters.slice(-4).join('');
  return maskAllButLast4(characters, 7);
}

/** An identity-document number, of which the last four characters stay. */
export function maskIdNumber(idNumber: string): string {
  return maskAllButLast4(Array.from(idNumber.trim()), 8);
}

function maskAllButLast4(characters: string[], leastLength: number): string {
  if (characters.length < leastLength) return stars(characters.length);
  return stars(characters.length - 4) + characters.slice(-4).join('');
}
