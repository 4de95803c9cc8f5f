import type { ItemEvidence, ItemKind, ServiceItem } from './contract.js';

/**
 * The 27 items offered with the card, version "2024-draft". The number is published, the list itself is not: names are taken
 * from published lists where marked, departments and codes are the office's working assumption (domain.md section 1.5).
 */
export const DRAFT_2024 = { version: '2024-draft', effectiveFrom: '2024-01-01' } as const;

const item = (code: string, name: string, kind: ItemKind, leadDepartmentId: string, evidence: ItemEvidence): ServiceItem => ({
  code,
  name,
  kind,
  leadDepartmentId,
  evidence,
});

export const ITEMS_2024: readonly ServiceItem[] = [
  item('01', '医疗保健绿色通道', 'CU', 'wjj', 'ARTICLE'),
  item('02', '年度健康体检', 'U', 'wjj', 'OTHER_LISTS'),
  item('03', '医疗保险办理', 'C', 'ybj', 'ARTICLE'),
  item('04', '社会保险办理', 'C', 'rsj', 'ARTICLE'),
  { ...item('05', '子女入学', 'C', 'jtj', 'ARTICLE'), seasonal: true },
  item('06', '配偶随迁与就业', 'C', 'rsj', 'OTHER_LISTS'),
  item('07', '户籍落户', 'C', 'gaj', 'OTHER_LISTS'),
  item('08', '住房保障与人才公寓', 'C', 'zjj', 'ARTICLE'),
  item('09', '住房公积金', 'C', 'gjj', 'OTHER_LISTS'),
  item('10', '出入境居留与外国人工作许可', 'C', 'gaj', 'OTHER_LISTS'),
  item('11', '编制与岗位聘用', 'C', 'bb', 'OTHER_LISTS'),
  item('12', '职称评审', 'C', 'rsj', 'OTHER_LISTS'),
  item('13', '薪酬管理', 'C', 'rsj', 'OTHER_LISTS'),
  item('14', '人事档案', 'C', 'rsj', 'OTHER_LISTS'),
  item('15', '市场准入与商事登记帮办', 'C', 'spj', 'OTHER_LISTS'),
  item('16', '税务服务', 'C', 'swj', 'OTHER_LISTS'),
  item('17', '物品通关', 'C', 'hg', 'OTHER_LISTS'),
  item('18', '科研项目申报服务', 'C', 'kjj', 'OTHER_LISTS'),
  item('19', '金融服务', 'C', 'jrb', 'ARTICLE'),
  item('20', '产权保护与知识产权', 'C', 'scj', 'ARTICLE'),
  item('21', '法律服务', 'C', 'sfj', 'INFERRED'),
  item('22', '人才培训', 'CU', 'rsj', 'ARTICLE'),
  item('23', '政务服务专窗与帮代办', 'C', 'spj', 'OTHER_LISTS'),
  item('24', '交通出行', 'U', 'jtys', 'ARTICLE'),
  item('25', '旅游景区', 'U', 'wlj', 'ARTICLE'),
  item('26', '文体健身', 'U', 'wlj', 'OTHER_LISTS'),
  item('27', '餐饮酒店', 'U', 'swju', 'ARTICLE'),
];
