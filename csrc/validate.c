/*
 * One pass over an object before libbpf sees it. libbpf does not promise to survive a hostile
 * file, and its crash would be the crash of the user's process; what passes here holds what libbpf
 * and libelf take for granted: everything that points somewhere points inside, sizes are whole
 * multiples, strings end, no chain of types runs in a circle.
 */
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>

#include "validate.h"

#define EM_BPF_NUMBER 247
#define MOST_SECTIONS 65000
#define MOST_MEMORY (1ull << 31) /* of a section that has no bytes in the file */
#define INSN_SIZE 8
#define LD_IMM64 0x18 /* the one instruction that takes two slots */
#define NATIVE_DATA (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct elf {
    struct view file; /* the whole object */
    const uint8_t *headers;
    uint32_t count;     /* of sections */
    uint32_t names;     /* the section of section names */
    uint32_t symbols;   /* the symbol table, 0 without one */
    uint32_t btf, ext;  /* .BTF and .BTF.ext, 0 without */
};

bool tb_refuse(const struct view *view, uint64_t offset, const char *format, ...)
{
    va_list args;
    int used;

    if (view->name)
        used = snprintf(view->reason, view->reason_size, "section '%.64s' at offset %#llx: ", view->name,
                        (unsigned long long)offset);
    else
        used = snprintf(view->reason, view->reason_size, "ELF file at offset %#llx: ", (unsigned long long)offset);
    va_start(args, format);
    if (used > 0 && (size_t)used < view->reason_size)
        vsnprintf(view->reason + used, view->reason_size - (size_t)used, format, args);
    va_end(args);
    return false;
}

static Elf64_Shdr header_of(const struct elf *elf, uint32_t index)
{
    Elf64_Shdr header;
    memcpy(&header, elf->headers + (size_t)index * sizeof header, sizeof header);
    return header;
}

/* The section's bytes, empty where it has none in the file. Its header was found good. */
static struct view view_of(const struct elf *elf, uint32_t index)
{
    Elf64_Shdr header = header_of(elf, index), names = header_of(elf, elf->names);
    struct view view = elf->file;
    view.name = (const char *)elf->file.bytes + names.sh_offset + header.sh_name;
    view.bytes = elf->file.bytes + (header.sh_type == SHT_NOBITS ? 0 : header.sh_offset);
    view.size = header.sh_type == SHT_NOBITS || header.sh_type == SHT_NULL ? 0 : header.sh_size;
    return view;
}

static bool check_file_header(struct elf *elf)
{
    const struct view *file = &elf->file;
    Elf64_Ehdr ehdr;

    if (file->size < sizeof ehdr)
        return tb_refuse(file, 0, "%llu bytes are too short for an ELF header", (unsigned long long)file->size);
    memcpy(&ehdr, file->bytes, sizeof ehdr);
    if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG))
        return tb_refuse(file, 0, "this is no ELF file");
    if (ehdr.e_ident[EI_CLASS] != ELFCLASS64)
        return tb_refuse(file, EI_CLASS, "this is no 64-bit ELF file");
    if (ehdr.e_ident[EI_DATA] != NATIVE_DATA)
        return tb_refuse(file, EI_DATA, "its byte order is not this machine's");
    if (ehdr.e_ident[EI_VERSION] != EV_CURRENT || ehdr.e_version != EV_CURRENT)
        return tb_refuse(file, EI_VERSION, "its ELF version is unknown");
    if (ehdr.e_type != ET_REL)
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_type), "this is no relocatable object, but of ELF type %u",
                         ehdr.e_type);
    if (ehdr.e_machine != EM_BPF_NUMBER && ehdr.e_machine != EM_NONE)
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_machine), "this is for machine %u, not for BPF (%u)",
                         ehdr.e_machine, EM_BPF_NUMBER);
    if (ehdr.e_shentsize != sizeof(Elf64_Shdr))
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_shentsize), "section headers have %u bytes, %zu are right",
                         ehdr.e_shentsize, sizeof(Elf64_Shdr));
    if (ehdr.e_shnum < 2 || ehdr.e_shnum > MOST_SECTIONS)
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_shnum), "it has %u sections", ehdr.e_shnum);
    if (ehdr.e_shoff < sizeof ehdr || ehdr.e_shoff % 8 ||
        !inside(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * sizeof(Elf64_Shdr), file->size))
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_shoff), "its section headers would be at %#llx of %#llx",
                         (unsigned long long)ehdr.e_shoff, (unsigned long long)file->size);
    if (ehdr.e_phnum)
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_phnum), "an object has no program headers, this one %u",
                         ehdr.e_phnum);
    if (ehdr.e_shstrndx == 0 || ehdr.e_shstrndx >= ehdr.e_shnum)
        return tb_refuse(file, offsetof(Elf64_Ehdr, e_shstrndx), "section names would be in section %u of %u",
                         ehdr.e_shstrndx, ehdr.e_shnum);
    elf->headers = file->bytes + ehdr.e_shoff;
    elf->count = ehdr.e_shnum;
    elf->names = ehdr.e_shstrndx;
    return true;
}

static uint64_t header_offset(const struct elf *elf, uint32_t index)
{
    return (uint64_t)(elf->headers - elf->file.bytes) + (uint64_t)index * sizeof(Elf64_Shdr);
}

/* Bounds, and a string table's ends; names are not known to be good yet. */
static bool check_bounds(const struct elf *elf, uint32_t index)
{
    const struct view *file = &elf->file;
    Elf64_Shdr header = header_of(elf, index);
    uint64_t at = header_offset(elf, index);

    if (header.sh_type == SHT_NULL)
        return true;
    if (header.sh_type == SHT_NOBITS) {
        if (header.sh_size > MOST_MEMORY)
            return tb_refuse(file, at, "section %u wants %#llx bytes of memory", index,
                             (unsigned long long)header.sh_size);
        return true;
    }
    if (!inside(header.sh_offset, header.sh_size, file->size))
        return tb_refuse(file, at, "section %u has %#llx bytes at %#llx, but the file ends at %#llx", index,
                         (unsigned long long)header.sh_size, (unsigned long long)header.sh_offset,
                         (unsigned long long)file->size);
    if (header.sh_flags & SHF_COMPRESSED)
        return tb_refuse(file, at, "section %u is compressed", index);
    if (header.sh_addralign & (header.sh_addralign - 1) || header.sh_addralign > 1u << 20)
        return tb_refuse(file, at, "section %u has an alignment of %#llx", index,
                         (unsigned long long)header.sh_addralign);
    if (header.sh_type == SHT_STRTAB && (!header.sh_size || file->bytes[header.sh_offset + header.sh_size - 1]))
        return tb_refuse(file, at, "section %u is a string table that does not end with a NUL", index);
    return true;
}

static bool once(const struct elf *elf, const struct view *view, uint32_t index, uint32_t *place)
{
    if (*place)
        return tb_refuse(view, header_offset(elf, index), "there are two of these");
    *place = index;
    return true;
}

/* Names are good; find the sections that matter. */
static bool find_sections(struct elf *elf)
{
    Elf64_Shdr names = header_of(elf, elf->names);
    uint32_t maps = 0, license = 0, version = 0;

    if (names.sh_type != SHT_STRTAB)
        return tb_refuse(&elf->file, header_offset(elf, elf->names), "section names are in no string table");
    for (uint32_t i = 1; i < elf->count; i++) {
        Elf64_Shdr header = header_of(elf, i);
        if (header.sh_name >= names.sh_size)
            return tb_refuse(&elf->file, header_offset(elf, i), "section %u has its name at %#x of %#llx", i,
                             header.sh_name, (unsigned long long)names.sh_size);
        struct view view = view_of(elf, i);
        bool good = true;
        if (header.sh_type == SHT_SYMTAB)
            good = once(elf, &view, i, &elf->symbols);
        else if (!strcmp(view.name, ".BTF"))
            good = once(elf, &view, i, &elf->btf);
        else if (!strcmp(view.name, ".BTF.ext"))
            good = once(elf, &view, i, &elf->ext);
        else if (!strcmp(view.name, ".maps"))
            good = once(elf, &view, i, &maps);
        else if (!strcmp(view.name, "license"))
            good = once(elf, &view, i, &license);
        else if (!strcmp(view.name, "version"))
            good = once(elf, &view, i, &version);
        else if (header.sh_type == SHT_SYMTAB_SHNDX)
            good = tb_refuse(&view, header_offset(elf, i), "extended section numbers are not needed here");
        if (!good)
            return false;
    }
    return true;
}

/* Whole instructions; the first half of a two-slot one is followed by its second. */
static bool check_code(const struct view *code, uint64_t start, uint64_t end, const char *what)
{
    if (start % INSN_SIZE || (end - start) % INSN_SIZE)
        return tb_refuse(code, start, "%s has %#llx bytes at %#llx, no multiples of %u", what,
                         (unsigned long long)(end - start), (unsigned long long)start, INSN_SIZE);
    for (uint64_t at = start; at < end; at += INSN_SIZE) {
        if (code->bytes[at] != LD_IMM64)
            continue;
        at += INSN_SIZE;
        if (at >= end || code->bytes[at])
            return tb_refuse(code, at - INSN_SIZE, "the second half of a 64-bit load is missing in %s", what);
    }
    return true;
}

static bool is_code(const Elf64_Shdr *header)
{
    return header->sh_type == SHT_PROGBITS && header->sh_flags & SHF_EXECINSTR;
}

static bool check_symbol(const struct elf *elf, const struct view *table, uint64_t at, uint64_t strings)
{
    Elf64_Sym symbol;
    memcpy(&symbol, table->bytes + at, sizeof symbol);

    if (symbol.st_name >= strings)
        return tb_refuse(table, at, "the symbol's name is at %#x of %#llx", symbol.st_name,
                         (unsigned long long)strings);
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || symbol.st_shndx == SHN_COMMON)
        return true;
    if (symbol.st_shndx >= elf->count)
        return tb_refuse(table, at, "the symbol is in section %u of %u", symbol.st_shndx, elf->count);
    Elf64_Shdr header = header_of(elf, symbol.st_shndx);
    if (!inside(symbol.st_value, symbol.st_size, header.sh_size))
        return tb_refuse(table, at, "the symbol has %#llx bytes at %#llx of a section of %#llx",
                         (unsigned long long)symbol.st_size, (unsigned long long)symbol.st_value,
                         (unsigned long long)header.sh_size);
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || !is_code(&header))
        return true;
    struct view code = view_of(elf, symbol.st_shndx);
    return check_code(&code, symbol.st_value, symbol.st_value + symbol.st_size, "a function");
}

static bool check_symbols(const struct elf *elf)
{
    if (!elf->symbols)
        return tb_refuse(&elf->file, 0, "it has no symbol table");
    Elf64_Shdr header = header_of(elf, elf->symbols);
    struct view table = view_of(elf, elf->symbols);
    if (header.sh_entsize != sizeof(Elf64_Sym) || table.size % sizeof(Elf64_Sym))
        return tb_refuse(&table, header_offset(elf, elf->symbols), "%#llx bytes are no symbols of %zu each",
                         (unsigned long long)table.size, sizeof(Elf64_Sym));
    if (header.sh_link == 0 || header.sh_link >= elf->count || header_of(elf, header.sh_link).sh_type != SHT_STRTAB)
        return tb_refuse(&table, header_offset(elf, elf->symbols), "section %u has no names for it", header.sh_link);
    uint64_t strings = header_of(elf, header.sh_link).sh_size;
    for (uint64_t at = 0; at < table.size; at += sizeof(Elf64_Sym))
        if (!check_symbol(elf, &table, at, strings))
            return false;
    return true;
}

static bool check_relocations(const struct elf *elf, uint32_t index)
{
    Elf64_Shdr header = header_of(elf, index);
    struct view table = view_of(elf, index);
    uint64_t symbols = header_of(elf, elf->symbols).sh_size / sizeof(Elf64_Sym);

    if (header.sh_entsize != sizeof(Elf64_Rel) || table.size % sizeof(Elf64_Rel))
        return tb_refuse(&table, header_offset(elf, index), "%#llx bytes are no relocations of %zu each",
                         (unsigned long long)table.size, sizeof(Elf64_Rel));
    if (header.sh_info == 0 || header.sh_info >= elf->count || header.sh_info == index)
        return tb_refuse(&table, header_offset(elf, index), "it relocates section %u of %u", header.sh_info,
                         elf->count);
    if (header.sh_link != elf->symbols)
        return tb_refuse(&table, header_offset(elf, index), "its symbols would be in section %u", header.sh_link);
    Elf64_Shdr target = header_of(elf, header.sh_info);
    uint64_t unit = is_code(&target) ? INSN_SIZE : 4;
    for (uint64_t at = 0; at < table.size; at += sizeof(Elf64_Rel)) {
        uint64_t offset = get64(table.bytes + at), symbol = get64(table.bytes + at + 8) >> 32;
        if (symbol >= symbols)
            return tb_refuse(&table, at, "it refers to symbol %llu of %llu", (unsigned long long)symbol,
                             (unsigned long long)symbols);
        if (!inside(offset, unit, target.sh_size) || (is_code(&target) && offset % INSN_SIZE))
            return tb_refuse(&table, at, "it relocates offset %#llx of a section of %#llx",
                             (unsigned long long)offset, (unsigned long long)target.sh_size);
    }
    return true;
}

static bool check_contents(const struct elf *elf)
{
    for (uint32_t i = 1; i < elf->count; i++) {
        Elf64_Shdr header = header_of(elf, i);
        struct view view = view_of(elf, i);
        if (header.sh_type == SHT_REL && !check_relocations(elf, i))
            return false;
        if (is_code(&header) && !check_code(&view, 0, view.size, "the section"))
            return false;
    }
    return true;
}

static bool check_types(const struct elf *elf)
{
    struct btf_facts facts;
    struct view btf, ext;

    if (!elf->btf)
        return true; /* libbpf then ignores .BTF.ext */
    btf = view_of(elf, elf->btf);
    if (!tb_check_btf(&btf, &facts))
        return false;
    if (!elf->ext)
        return true;
    ext = view_of(elf, elf->ext);
    return tb_check_btf_ext(&ext, &facts);
}

int tb_validate(const uint8_t *bytes, size_t size, char *reason, size_t reason_size)
{
    struct elf elf = {.file = {bytes, size, NULL, reason, reason_size}};

    if (!check_file_header(&elf))
        return -1;
    for (uint32_t i = 0; i < elf.count; i++)
        if (!check_bounds(&elf, i))
            return -1;
    return find_sections(&elf) && check_symbols(&elf) && check_contents(&elf) && check_types(&elf) ? 0 : -1;
}
