import type { Outcome } from '../contexts/cases/contract.js';
import type { REASON_CODES } from '../contexts/reason-codes.js';
import type { Draw } from './draw.js';

/** What people write, without names, numbers or places: the year is made up and must look it. */

export const pickText = (draw: Draw, texts: readonly string[]): string => draw.pick(texts);

/** Matters by item: in the requester's words, and what the department answers. */
const MATTERS: Readonly<Record<string, { readonly asks: readonly string[]; readonly replies: readonly string[] }>> = {
  '01': {
    asks: ['希望预约定点医院专家门诊,并协调陪诊。', '住院检查排期较长,请协助走医疗保健绿色通道。'],
    replies: ['已协调定点医院预约专家号并安排陪诊。', '已与医院对接,检查时间已提前。'],
  },
  '03': {
    asks: [
      '医保关系转入后,门诊慢特病待遇如何接续?',
      '外地参保,在本区就医如何办理异地备案和直接结算?',
      '请帮助办理职工医保参保登记。',
    ],
    replies: ['医保关系已转入,待遇按规定接续。', '异地就医备案已办结,可直接结算。', '参保登记已完成,次月起享受待遇。'],
  },
  '04': {
    asks: ['养老保险关系需从外省转入,请协助办理。', '柔性引进期间社会保险由哪家单位缴纳?', '社保卡未领取,请告知领取地点。'],
    replies: ['转移接续手续已办结。', '已按协议明确参保单位并完成登记。', '社保卡已制作完成并通知领取。'],
  },
  '05': {
    asks: ['子女今年升小学,希望在单位附近入学。', '孩子随迁转学,请协调初中学位。', '请问人才子女幼儿园入学如何申请?'],
    replies: ['已按居住地和单位地址统筹安排学位。', '转学手续已办理,开学报到即可。', '已协调公办幼儿园接收。'],
  },
  '06': {
    asks: ['配偶随迁,希望推荐对口岗位。', '配偶原单位在外地,请协助办理工作调动。'],
    replies: ['已推荐三家单位并安排面试。', '调动材料已受理,接收单位已确定。'],
  },
  '07': {
    asks: ['申请本人及家属户口迁入。', '集体户口如何转为家庭户?'],
    replies: ['户口迁入已办结。', '已完成户口登记变更。'],
  },
  '08': {
    asks: ['申请人才公寓一套。', '租房补贴何时发放?', '人才公寓到期,申请续租。'],
    replies: ['已分配人才公寓并签订协议。', '补贴已审核通过,按季发放。', '续租手续已办理。'],
  },
  '09': {
    asks: ['公积金异地转入及贷款额度咨询。', '申请提取公积金支付房租。'],
    replies: ['已办理转入,可按缴存时间计算额度。', '提取申请已审核到账。'],
  },
  '10': {
    asks: ['外国专家工作许可到期,申请延期。', '外籍家属居留许可如何办理?'],
    replies: ['工作许可延期已办结。', '居留许可材料已受理并办结。'],
  },
  '11': { asks: ['事业单位岗位聘用和编制事项咨询。'], replies: ['已按规定核定岗位并办理聘用。'] },
  '12': {
    asks: ['申请高层次人才职称评审绿色通道。', '外省职称能否互认?'],
    replies: ['已纳入绿色通道评审。', '职称已完成互认登记。'],
  },
  '13': { asks: ['协议工资备案如何办理?'], replies: ['协议工资已备案。'] },
  '14': { asks: ['人事档案转入,请协助调档。'], replies: ['档案已接收并出具证明。'] },
  '15': { asks: ['创办企业,请帮办营业执照。', '公司经营范围变更登记。'], replies: ['营业执照已办结。', '变更登记已完成。'] },
  '16': {
    asks: ['个人所得税优惠政策适用咨询。', '研发费用加计扣除申报。'],
    replies: ['已辅导完成申报。', '已书面答复政策口径。'],
  },
  '17': { asks: ['科研设备进口通关,请协助。'], replies: ['设备已通关放行。'] },
  '18': { asks: ['科技项目申报材料辅导。', '企业科研平台备案。'], replies: ['材料已辅导完善并提交。', '备案已完成。'] },
  '19': {
    asks: ['申请人才贷,请对接银行。', '成果转化贷款备案咨询。'],
    replies: ['已对接银行并完成授信。', '备案已受理并办结。'],
  },
  '20': {
    asks: ['发明专利快速预审申请。', '商标被仿冒,请求保护。'],
    replies: ['已进入快速预审通道。', '已立案处理并反馈结果。'],
  },
  '22': { asks: ['报名参加高层次人才研修班。'], replies: ['已列入本期研修名单。'] },
};

export const matterText = (draw: Draw, itemCode: string): string => draw.pick(MATTERS[itemCode]!.asks);

export function replyText(draw: Draw, itemCode: string, outcome: Outcome): string {
  if (outcome === 'REFERRED') return '该事项由上级部门受理,已转报并告知办理渠道。';
  if (outcome === 'UNSOLVABLE') return '按现行规定暂不具备办理条件,已当面说明政策依据。';
  return draw.pick(MATTERS[itemCode]!.replies);
}

export type ReasonedStep = Exclude<
  keyof typeof REASON_CODES,
  | 'RefuseReturn'
  | 'ReassignCase'
  | 'SuperviseCase'
  | 'CorrectCase'
  | 'RefusePause'
  | 'AppealRating'
  | 'UpholdAppeal'
  | 'DismissAppeal'
>;
type Reasons<T extends keyof typeof REASON_CODES> = readonly (readonly [(typeof REASON_CODES)[T][number], string])[];

/** Codes with a sentence each. */
export const REASONS: { readonly [T in ReasonedStep]: Reasons<T> } = {
  DeclineCase: [
    ['NOT_ELIGIBLE', '不符合该事项服务对象条件。'],
    ['DUPLICATE', '同一事项已在办理中。'],
    ['NOT_OUR_DUTY', '该事项不属于本区受理范围,已告知办理单位。'],
    ['INCOMPLETE', '材料不全,已一次性告知。'],
  ],
  ReturnCase: [
    ['NOT_OUR_DUTY', '不属于我单位职责,建议改派。'],
    ['WRONG_ITEM', '事项归类有误,建议改派主办单位。'],
  ],
  PauseClock: [
    ['AWAITING_MATERIALS', '已一次性告知需补充的材料,等待补正。'],
    ['THIRD_PARTY', '等待外地经办机构回函。'],
    ['PUBLIC_NOTICE', '公示期间。'],
    ['EXPERT_REVIEW', '等待专家评审结果。'],
  ],
  RequestExtension: [
    ['COMPLEX', '情况复杂,需进一步核实。'],
    ['MULTIPLE_DEPARTMENTS', '涉及多个部门会商。'],
    ['POLICY_PENDING', '新政策实施细则待明确。'],
  ],
  RefuseExtension: [['ENOUGH_TIME_LEFT', '剩余时限充足,请按期办结。']],
  SendBackResult: [
    ['INCOMPLETE_ANSWER', '答复未回应全部诉求,请补充。'],
    ['MISSING_EVIDENCE', '请补充办结凭证。'],
  ],
  WithdrawCase: [
    ['NO_LONGER_NEEDED', '本人不再需要办理。'],
    ['SOLVED_OTHERWISE', '已自行办结。'],
  ],
  ExcuseBreach: [
    ['SYSTEM_OUTAGE', '省级业务系统停机检修,期间无法办理。'],
    ['THIRD_PARTY', '外地经办机构回函迟延,已提前告知来访人。'],
    ['FORCE_MAJEURE', '暴雨红色预警,窗口暂停服务一日。'],
  ],
  WithdrawExcuse: [['NEW_FACTS', '经核查,停机期间可线下受理。']],
  ReopenCase: [
    ['NOT_RESOLVED', '回访反映问题未解决,重新办理。'],
    ['DISSATISFIED', '回访不满意,重新办理。'],
  ],
};

export const CARD_REASONS = {
  rejected: ['申报类别与佐证材料不符。', '服务协议已到期,不符合发放条件。'],
  replaced: { reason: '挂失后补发,原卡收回作废。', legalBasis: '人才卡管理规定关于补发的条款' },
  revoked: [
    { reason: '服务协议终止,不再符合持卡条件。', legalBasis: '人才卡管理规定关于动态管理的条款' },
    { reason: '经核实申报材料不实。', legalBasis: '人才卡管理规定关于收回的条款' },
  ],
} as const;

export const CALLBACK_REMARKS = {
  content: ['问题已解决,表示满意。', '办理及时,态度好。', '基本满意。'],
  unreachable: ['无人接听,改日再回访。', '关机,改日再回访。'],
  unhappy: ['认为办理时间过长。', '对答复内容不满意。', '反映问题未真正解决。'],
} as const;

export const OPINIONS = [
  '材料齐全,按承诺时限办理。',
  '需向业务系统核实后办理。',
  '已与诉求人说明办理步骤和所需时间。',
  '涉及其他单位,已联系会商。',
] as const;

export const RECTIFICATIONS = ['已重新核实并当面答复。', '已补办并致歉。', '已与诉求人说明原因,改进了告知。'] as const;

export const RATING_COMMENTS = ['服务周到', '一次办好', '专员很负责', '还可以'] as const;

export const SUPPLEMENT = {
  materials: '请补交身份证明、服务协议复印件各一份,交至人才服务窗口。',
  received: '身份证明、服务协议复印件各一份,齐全。',
} as const;

/** What is written beside a matter: among those who handle it, and between the talent and them. */
export const WORDS = {
  notes: ['已电话核实情况,按常规流程办理。', '材料齐全,待系统录入。', '已与相关科室沟通,注意时限。'],
  asked: ['请问目前办理到哪一步了?', '还需要我补充什么材料吗?', '请问大概什么时候能办好?'],
  answered: ['正在办理,将在承诺时限内答复您。', '材料已齐,无需补充,办好后第一时间告知您。'],
} as const;

/** What happens beside the course of a matter. */
export const SIDES = {
  tags: ['enterprise', 'policy-gap', 'cross-department', 'typical'],
  deferred: '学历学位证书原件,受理后补交核验。',
  question: '该事项涉及你单位职责,请就能否并联办理提出意见。',
  opinion: '可以并联办理,请将材料同步推送我单位。',
  appealed: { reasonCode: 'NOT_ATTRIBUTABLE', reason: '评价所指环节由外省经办机构负责。' },
  dismissed: { reasonCode: 'REVIEW_JUSTIFIED', reason: '经核实,告知确有不到位。' },
  supervised: { reasonCode: 'OVERDUE', reason: '超期较久,请说明原因并尽快办结。' },
  workedOff: '已向诉求人说明情况并致歉,今日办结。',
  routing: '对省级以上人才事项实行绿色通道优先派单。',
  recordedLate: '专员联系在先,系统补录在后,按通话记录更正。',
} as const;
