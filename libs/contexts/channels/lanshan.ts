import type { ChannelKind } from './contract.js';

/** Lead departments of the district as the first service list names them (domain.md section 1.5). */
export const DEPARTMENTS: readonly (readonly [id: string, name: string])[] = [
  ['wjj', '卫生健康局'],
  ['ybj', '医疗保障局'],
  ['rsj', '人力资源和社会保障局'],
  ['jtj', '教育和体育局'],
  ['gaj', '公安分局'],
  ['zjj', '住房和城乡建设局'],
  ['gjj', '住房公积金管理中心'],
  ['bb', '机构编制委员会办公室'],
  ['spj', '行政审批服务局'],
  ['swj', '税务局'],
  ['hg', '海关'],
  ['kjj', '科学技术局'],
  ['jrb', '金融运行监测中心'],
  ['scj', '市场监督管理局'],
  ['sfj', '司法局'],
  ['jtys', '交通运输局'],
  ['wlj', '文化和旅游局'],
  ['swju', '商务局'],
];

export const CHANNELS: readonly (readonly [id: string, kind: ChannelKind, name: string])[] = [
  ['window', 'WINDOW', '人才服务窗口'],
  ['hotline', 'HOTLINE', '人才服务热线'],
  ['online', 'ONLINE', '网上服务'],
  ['visit', 'VISIT', '走访'],
];
