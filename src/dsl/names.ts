/** Names that every printed module may have already. */
const printed = new Set(['clk', 'rst', 'unused'])

/** Words no port, register, wire or instance may be called: keywords of Verilog-2005 and SystemVerilog. */
const reserved = new Set(
  `always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam
design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable endtask
event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout input instance
integer join large liblist library localparam macromodule medium module nand negedge nmos nor noshowcancelled not notif0
notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos
real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire
vectored wait wand weak0 weak1 while wire wor xnor xor accept_on alias always_comb always_ff always_latch assert assume
before bind bins binsof bit break byte chandle checker class clocking const constraint context continue cover covergroup
coverpoint cross dist do endchecker endclass endclocking endgroup endinterface endpackage endprogram endproperty
endsequence enum eventually expect export extends extern final first_match foreach forkjoin global iff ignore_bins
illegal_bins implements implies import inside int interconnect interface intersect join_any join_none let local logic
longint matches modport nettype new nexttime null package packed priority program property protected pure rand randc
randcase randsequence ref reject_on restrict return s_always s_eventually s_nexttime s_until s_until_with sequence
shortint shortreal soft solve static string strong struct super sync_accept_on sync_reject_on tagged this throughout
timeprecision timeunit type typedef union unique unique0 until until_with untyped var virtual void wait_order weak
wildcard with within`.split(/\s+/),
)

/** Words no port may be called besides: VHDL knows them, and the ports are what designs in other languages see. */
const reservedInVhdl = new Set(
  `abs access after all architecture array attribute block body buffer bus component configuration constant context
disconnect downto elsif entity exit fairness file group guarded impure in inertial is label linkage literal loop map mod
new next null of on open others out parameter postponed procedure process range record register reject rem report return
rol ror select severity shared signal sla sll sra srl strong subtype then to transport type unaffected units until variable
vmode vpkg vprop vunit when`.split(/\s+/),
)

/** And keywords of C++, because Verilator makes ports members of a class (its warning SYMRSVDWORD). */
const reservedInCpp = new Set(
  `alignas alignof and_eq asm auto bitand bitor bool catch char char8_t char16_t char32_t co_await co_return co_yield
compl concept const_cast consteval constexpr constinit decltype delete double dynamic_cast explicit export false float
friend goto inline long mutable namespace noexcept not_eq nullptr operator or_eq private protected public
reinterpret_cast requires short sizeof static_assert static_cast switch template thread_local throw true try typeid
typename unsigned using virtual volatile wchar_t xor_eq`.split(/\s+/),
)

/** Why a port cannot be called that, or undefined where it can. */
export const portNameFault = (name: string): string | undefined => {
  const fault = nameFault(name)
  if (fault) return fault
  if (reservedInVhdl.has(name.toLowerCase())) return 'it is a reserved word of VHDL'
  return reservedInCpp.has(name) ? 'it is a keyword of C++, where Verilator makes ports members of a class' : undefined
}

/** Why a name cannot be used, or undefined where it can. */
export const nameFault = (name: string): string | undefined => {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return 'a name is a letter followed by letters, digits and underscores'
  if (printed.has(name.toLowerCase())) return 'printed modules have one of that name themselves'
  if (reserved.has(name.toLowerCase())) return 'it is a reserved word of Verilog or SystemVerilog'
  return undefined
}

/** Names in use within one module; compared without case, as some tools do. */
export class NameTable {
  readonly #taken = new Map<string, { readonly what: string; readonly name: string }>()

  /** Why the name is taken already, or undefined after taking it for `what`. */
  take(name: string, what: string): string | undefined {
    const key = name.toLowerCase()
    const holder = this.#taken.get(key)
    if (holder)
      return holder.name === name
        ? `${holder.what} has that name`
        : `${holder.what} is called '${holder.name}', and case alone tells no names apart`
    this.#taken.set(key, { what, name })
    return undefined
  }

  /** Gives a name that is taken to another holder. */
  retake(name: string, what: string): void {
    this.#taken.set(name.toLowerCase(), { what, name })
  }

  /** The first free of `base`, `base_2`, `base_3`, ..., now taken. */
  fresh(base: string, what = 'a temporary'): string {
    for (let k = 1; ; k++) {
      const name = k === 1 ? base : `${base}_${k}`
      if (nameFault(name) === undefined && this.take(name, what) === undefined) return name
    }
  }
}
