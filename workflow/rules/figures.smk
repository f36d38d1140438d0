rule figure:
    input:
        lambda wildcards: tables_of(wildcards.figure),
    output:
        png=pictured("<figures>/{figure}.png", "picture", "figure"),
        pdf="<figures>/{figure}.pdf",
        svg="<figures>/{figure}.svg",
    log:
        "<logs>/figures/{figure}.log",
    localrule: True
    conda:
        CONDA
    params:
        stem=subpath(output.png, strip_suffix=".png"),
        provenance=PROVENANCE_FLAGS,
        title=lambda wildcards: CAPTIONS[wildcards.figure],
        code=lambda wildcards: figure_code(wildcards.figure),
    message:
        "Figure {wildcards.figure}"
    shell:
        "optprimer figure {wildcards.figure} {input:q} --output {params.stem:q} {params.provenance} > {log:q} 2>&1"


rule interactive_figure:
    input:
        lambda wildcards: tables_of(wildcards.page),
    output:
        png=pictured("<figures>/{page}.png", "picture", "page"),
        pdf="<figures>/{page}.pdf",
        svg="<figures>/{page}.svg",
        html=pictured("<figures>/{page}.html", "interactive page", "page"),
    log:
        "<logs>/figures/{page}.log",
    localrule: True
    conda:
        CONDA
    params:
        stem=subpath(output.png, strip_suffix=".png"),
        provenance=PROVENANCE_FLAGS,
        title=lambda wildcards: CAPTIONS[wildcards.page],
        code=lambda wildcards: figure_code(wildcards.page),
    message:
        "Figure {wildcards.page}, also as an interactive page"
    shell:
        "optprimer figure {wildcards.page} {input:q} --output {params.stem:q} {params.provenance} > {log:q} 2>&1"


# Targets by name: snakemake figure1, snakemake figure_contours
for name in FIGURES:

    rule:
        name:
            target(name)
        input:
            f"<figures>/{name}.png",
