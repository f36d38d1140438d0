rule page:
    input:
        claims="<results>/claims.csv",
        evidence="<results>/claims/evidence.csv",
        tables=files_of(PAGE_TABLES, NETS),
        figures=expand("<figures>/{figure}.png", figure=FIGURES),
    output:
        report(
            "<figures>/index.html",
            caption="../report/page.rst",
            category=CATEGORIES["Verdicts"],
            labels={"result": "Companion page", "kind": "interactive page"},
        ),
    log:
        "<logs>/page.log",
    localrule: True
    conda:
        CONDA
    params:
        results=subpath(input.claims, parent=True),
        figures=subpath(output[0], parent=True),
        provenance=PROVENANCE_FLAGS,
        assets=assets_sha256(),
        code=digest("optprimer.page.commands"),
    message:
        "Companion page: every claim with its verdict"
    shell:
        "optprimer page --results {params.results:q} --figures {params.figures:q} --output {output:q}"
        " {params.provenance} > {log:q} 2>&1"
