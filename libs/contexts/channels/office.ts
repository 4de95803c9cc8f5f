/** The office has one network of departments and channels. */
export const OFFICE = 'lanshan';
