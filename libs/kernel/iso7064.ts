/** ISO 7064 MOD 11-2 check character ('0'–'9' or 'X') of a digit string, as used by resident identity numbers (GB 11643). */
export function mod11_2(digits: string): string {
  let p = 0;
  for (const digit of digits) p = ((p + Number(digit)) * 2) % 11;
  const check = (12 - p) % 11;
  return check === 10 ? 'X' : String(check);
}

/** ISO 7064 MOD 11,10 check digit of a digit string; finds every single wrong digit and most swaps. */
export function mod11_10(digits: string): string {
  let p = 10;
  for (const digit of digits) p = (((p + Number(digit)) % 10 || 10) * 2) % 11;
  return String((11 - p) % 10);
}
