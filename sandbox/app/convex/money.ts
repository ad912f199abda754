/** Cents, rounded once at the end: rounding each line loses a cent now and then. */
export function total(lines: { price: number; quantity: number }[], deposit = 0): number {
  const cents = lines.reduce((sum, line) => sum + line.price * line.quantity * 100, 0);
  return Math.round(cents - deposit * 100) / 100;
}
